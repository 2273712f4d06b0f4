"""URLs of the demonstration."""

from django.urls import path

from gridshare_portal.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.index, name="index"),
    path("sign-in/", views.sign_in, name="sign_in"),
]
