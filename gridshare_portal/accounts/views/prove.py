"""The page on which somebody without a second factor proves once more who they are, by an e-mailed code."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import BaseReauthenticateView
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from gridshare_portal.accounts import entry
from gridshare_portal.accounts.signing_in import emailed_proof, forms

NONE_LEFT = "That code holds no more. Ask for a new one."


@method_decorator([login_required, sensitive_post_parameters("code")], name="dispatch")
class Prove(BaseReauthenticateView):
    """Sends a code when asked to, compares it, and goes on with what was asked for before."""

    form_class = forms.EmailedCode
    template_name = "account/prove.html"
    request: entry.SignedInRequest

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Send a code, or compare the one that was typed."""
        if "send" in request.POST:
            emailed_proof.begin(request, self.request.user)
            return HttpResponseRedirect(self.passthrough_next_url(reverse("accounts:prove")))
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, object]:
        process = emailed_proof.under_way(self.request, self.request.user)
        kwargs: dict[str, object] = super().get_form_kwargs()
        return {**kwargs, "code": process.code if process else ""}

    def form_valid(self, form: forms.EmailedCode) -> HttpResponse:
        self.request.session.pop(emailed_proof.STATE, None)
        record_authentication(self.request, self.request.user, method="code", reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: forms.EmailedCode) -> HttpResponse:
        process = emailed_proof.under_way(self.request, self.request.user)
        if process is None or not process.record_invalid_attempt():
            form.errors.clear()
            form.add_error(None, NONE_LEFT)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        is_sent = emailed_proof.under_way(self.request, self.request.user) is not None
        context: dict[str, object] = super().get_context_data(**kwargs)
        return {**context, "is_sent": is_sent}
