"""Every way in which a call to Gridshare can fail, as one tree.

GridshareError
├── BadId             the id could lead elsewhere; nothing was sent
├── Unavailable       the host is to be left alone for now; nothing was sent
├── Malformed         400   the request was not understood
├── Unauthorized      401   the token is not accepted, also after one refresh
├── Forbidden         403   the token does not allow this, or the id is somebody else's
├── WrongRoute        403   the gateway knows no such path: our fault, not a missing permission
├── NotFound          404
├── Unprocessable     422   understood, and refused
├── TooManyRequests   429
├── ServerError       5xx
├── Unreachable       no answer
│   ├── Timeout
│   └── ConnectionLost
└── UnexpectedAnswer  an answer nobody can use
    ├── NotJson
    ├── Truncated
    ├── TooLarge
    └── WrongShape
"""

from __future__ import annotations


class GridshareError(Exception):
    """A call that did not bring what was asked.

    `may_have_happened` is True only for a write that the device may have taken all the same: it
    is to be read back, and never sent again. `message` and `code` are the API's own, and may be
    empty. Neither ever holds a token.
    """

    words = "could not be done"

    def __init__(
        self,
        operation: str,
        *,
        status: int | None = None,
        message: str = "",
        code: str | None = None,
        may_have_happened: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(operation, status, message)
        self.operation = operation
        self.status = status
        self.message = message
        self.code = code
        self.may_have_happened = may_have_happened
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        status = f" ({self.status})" if self.status else ""
        message = f": {self.message}" if self.message else ""
        return f"{self.operation} {self.words}{status}{message}"


class BadId(GridshareError):
    """An id that could change the path of the call; nothing was sent."""

    words = "was not sent: this is no id"


class Unavailable(GridshareError):
    """The host failed too often, or asked to be left alone; nothing was sent."""

    words = "was not sent: the host is left alone for now"


class Malformed(GridshareError):
    """The API did not understand the request."""

    words = "was not understood"


class Unauthorized(GridshareError):
    """The API does not accept the token, also after one refresh."""

    words = "was refused: the token is not accepted"


class Forbidden(GridshareError):
    """The token does not allow this: a scope is missing, or the id is somebody else's."""

    words = "is not allowed"


class WrongRoute(GridshareError):
    """The gateway knows no such path; a mistake of ours that only looks like a missing permission."""

    words = "was sent to a path that does not exist"


class NotFound(GridshareError):
    """The API knows no such thing."""

    words = "found nothing"


class Unprocessable(GridshareError):
    """The API understood and refused."""

    words = "was refused"


class TooManyRequests(GridshareError):
    """The API asks to be asked less often."""

    words = "was asked too often"


class ServerError(GridshareError):
    """The API failed on its side."""

    words = "failed at the server"


class Unreachable(GridshareError):
    """No answer came."""

    words = "got no answer"


class Timeout(Unreachable):
    """No complete answer came before the deadline."""

    words = "got no complete answer in time"


class ConnectionLost(Unreachable):
    """The connection was not made, or broke before the answer."""

    words = "lost the connection"


class UnexpectedAnswer(GridshareError):
    """An answer came that nobody can use."""

    words = "got an answer that nobody can use"


class NotJson(UnexpectedAnswer):
    """The answer is not JSON."""

    words = "got an answer that is not JSON"


class Truncated(UnexpectedAnswer):
    """The answer broke off."""

    words = "got half an answer"


class TooLarge(UnexpectedAnswer):
    """The answer is larger than anyone would send in earnest."""

    words = "got an answer that is too large"


class WrongShape(UnexpectedAnswer):
    """The answer is JSON, but not what was agreed."""

    words = "got an answer of another shape"
