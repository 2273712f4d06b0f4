"""Every failure of a call to Gridshare, as one tree of exceptions.

GridshareError
├── BadId             the id could lead elsewhere; nothing was sent
├── NotExpressible    the service has no word for it; nothing was sent
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
    """A call that did not succeed.

    `may_have_happened` is True only for a write that the device may have taken all the same: it is to be read
    back, and never sent again. `message` and `code` are the API's own, and may be empty. Neither ever holds a
    token.
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
    words = "was not sent: this is no id"


class NotExpressible(GridshareError):
    words = "was not sent: the service has no word for it"


class Unavailable(GridshareError):
    words = "was not sent: the host is left alone for now"


class Malformed(GridshareError):
    words = "was not understood"


class Unauthorized(GridshareError):
    words = "was refused: the token is not accepted"


class Forbidden(GridshareError):
    words = "is not allowed"


class WrongRoute(GridshareError):
    words = "was sent to a path that does not exist"


class NotFound(GridshareError):
    words = "found nothing"


class Unprocessable(GridshareError):
    words = "was refused"


class TooManyRequests(GridshareError):
    words = "was asked too often"


class ServerError(GridshareError):
    words = "failed at the server"


class Unreachable(GridshareError):
    words = "got no answer"


class Timeout(Unreachable):
    words = "got no complete answer in time"


class ConnectionLost(Unreachable):
    words = "lost the connection"


class UnexpectedAnswer(GridshareError):
    words = "got an answer that nobody can use"


class NotJson(UnexpectedAnswer):
    words = "got an answer that is not JSON"


class Truncated(UnexpectedAnswer):
    words = "got half an answer"


class TooLarge(UnexpectedAnswer):
    words = "got an answer that is too large"


class WrongShape(UnexpectedAnswer):
    words = "got an answer of another shape"
