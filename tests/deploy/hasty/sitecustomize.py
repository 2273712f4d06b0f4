"""Packs static files quickly instead of well, in programs whose PYTHONPATH leads here: ten seconds of the test."""

import functools

import brotli

brotli.compress = functools.partial(brotli.compress, quality=1)
