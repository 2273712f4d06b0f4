"""Synthetic people: plausible names from many countries, e-mail addresses that reach nobody.

A person follows from the number alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Ada Aiko Aisha Alan Amara Amélie Ana Anders Anh Anton Arjun Astrid Ayşe Beatriz Ben Bilal Björn Bo "
    "Brigid Bruno Camila Carlos Carmen Chen Chloé Chris Clara Dana Daniel Darius Deepa Diego Dmitri "
    "Edith Elena Eli Elif Emeka Emil Emma Eoin Erin Esther Eva Farid Fatima Felix Fiona Frank Freya "
    "Gabriel Gita Giulia Grace Hana Hans Hassan Helen Henrik Hugo Ibrahim Ida Imran Ingrid Irene Isaac "
    "Isabel Ivan Jack James Jana Jin João John Jonas José Julia Kamal Karen Kai Keiko Kofi Lars Laura "
    "Layla Leila Leo Lina Linda Liu Lucas Lucía Luis Magda Maja Malik Marco María Marie Mark Martin "
    "Mary Matteo Maya Mei Mia Michael Miguel Milan Min Mohamed Nadia Nora Noah Nuria Ofelia Oleg Olga "
    "Oliver Omar Oscar Pablo Paula Pedro Peter Petra Priya Rafael Rahul Raj Rana Rebecca Rita Robert "
    "Rosa Ruth Sami Samuel Sara Sean Sofia Søren Susan Tariq Tess Thomas Tim Tomás Uma Ursula Valeria "
    "Vera Victor Vikram Wanda Wei William Xavier Yara Yosef Yuki Yusuf Zara Zoë"
)
LAST = _words(
    "Ahmed Ali Andersen Anderson Bauer Becker Bianchi Brown Campbell Carter Castro Chan Chen Clark "
    "Costa Cruz Cohen Davies Davis Díaz Dubois Eriksson Evans Fernández Fischer Flores García Gómez "
    "González Green Gupta Hall Hansen Harris Hernández Hill Hoffmann Horvat Ivanova Jackson Jensen "
    "Johnson Jones Kaya Keller Khan Kim King Kowalski Kumar Larsen Lee Lewis Lopez Martin Martínez "
    "Mensah Meyer Miller Moore Morales Müller Murphy Nakamura Nguyen Novak O’Brien O’Connor Okafor "
    "Olsen Park Patel Pereira Pérez Petrov Phillips Popescu Ramírez Reyes Ricci Roberts Robinson "
    "Rodríguez Rossi Ryan Sánchez Santos Sato Schmidt Schneider Scott Sharma Silva Singh Smith Sokolov "
    "Suzuki Tanaka Taylor Thomas Thompson Torres Tran Turner Walker Wang Weber White Williams Wilson "
    "Wójcik Wong Wright Yamamoto Yılmaz Young Zhang"
)
BEFORE = _words(
    "Ash Back Berg Black Brand Bright Burn Cald Clay Cold Dahl Dun East Eck Eld Fair Fern Field Fox "
    "Gold Gran Grim Hart Hazel Heath High Holm Horn Kirk Lang Lind Lund Mill Moor Nord North Oak Old "
    "Ost Red Reed Ridge Rosen Salt Sand Shaw Silver Stein Stone Sund Thorn Under Wald West Whit Wind "
    "Winter Wolf Wood"
)
AFTER = _words(
    "berg bach beck by bridge brook burn bury by combe cote dale dorf dottir feld field ford gard gate "
    "ham haus heim hill hurst ington land ley low man mann mark more ness rick ridge sen shaw son stad "
    "ster stock stone strand strom thorpe ton vale vik ville wall ward water way well wick wood worth"
)
HOSTS = ("mail.example", "post.example", "inbox.example", "letters.example", "home.example")
STREETS = ("Maple Street", "Oak Avenue", "Hill Road", "Station Road", "Park Lane", "Mill Lane", "Elm Court")
PLACES = (
    "Home", "Home", "Home", "Our home", "Cottage", "Beach house", "Cabin", "Townhouse", "Farm", "Garden flat",
    "Mountain hut", "Studio", "Barn", "Summer house", "Lake house", "Bungalow",
)  # fmt: skip
ODD_HOMES = (  # what people also call their homes, or try to
    "<b>Villa</b> <script>alert(1)</script>",
    '=HYPERLINK("https://practice.invalid","Home")',
    "+1 Hill Road",
    "-2+3",
    "@SUM(A1:A9)",
    "🏡☀️🔋 Casa",
    "بيت العائلة",
    "わが家",
    "Ana's “best” home; really, ‘home’, \\o/",
    "home\u202eemoh",
    "The house behind the old mill at the end of the long road that leads to the lake",
    "W" * 80,
)
ODD_NAMES = ("<i>Robert</i> '); DROP TABLE homes;--", "=1+1", "🙂", "Ana\u202eanA", "X" * 120)


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    email: str
    home: str


def person(number: int) -> Person:
    """Return the person of a number."""
    dice = Random(f"person {number}")
    first, last = dice.choice(FIRST), _last_name(dice)
    name = "" if dice.random() < 0.03 else f"{first} {last}"
    local = dice.choice((f"{first}.{last}", f"{first[0]}.{last}", f"{first}{last}", f"{last}.{first}"))
    email = f"{_plain(local)}.{number}@{dice.choice(HOSTS)}"
    return _odd(number, Person(name=name, email=email, home=_home(dice, last)))


def _odd(number: int, person: Person) -> Person:
    """Give 1 % of homes and 0.5 % of people a name that is hard to display or export."""
    dice = Random(f"odd {number}")
    if dice.random() < 0.01:
        person = replace(person, home=dice.choice(ODD_HOMES))
    return replace(person, name=dice.choice(ODD_NAMES)) if dice.random() < 0.005 else person


def _last_name(dice: Random) -> str:
    throw = dice.random()
    if throw < 0.5:
        return dice.choice(LAST)
    made = dice.choice(BEFORE) + dice.choice(AFTER)
    return made if throw < 0.95 else f"{made}-{dice.choice(LAST)}"


def _home(dice: Random, last: str) -> str:
    throw = dice.random()
    if throw < 0.3:
        return f"{dice.randrange(1, 200)} {dice.choice(STREETS)}"
    return f"{last} {dice.choice(PLACES).lower()}" if throw < 0.5 else dice.choice(PLACES)


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ø", "o").replace("ł", "l"))
    return re.sub(r"[^a-z0-9.]", "", plain.lower())
