"""The tree of errors that Scangate raises on purpose. What they say is safe to show: never scanned content, never a secret.

ScangateError
├── RequestInvalidError        400  the request is malformed
│   └── ProfileInvalidError    400  a profile document asks for what does not exist, or is missing
├── NotAuthenticatedError      401  no credentials
│   └── LoginRefusedError      401  no such user, a wrong password, or locked
├── CredentialsInvalidError    403  a wrong, revoked or expired key
├── PermissionDeniedError      403  the role of the caller does not permit this
├── NotFoundError              404
├── ConflictError              409  the name is taken, or something still refers to this; carries what
├── RequestTooLargeError       413
├── MediaTypeError             415
├── LimitExceededError         429  rate or admission limit; carries retry_after_seconds
│   └── QuotaExceededError     429  the monthly tokens are used up
├── StorageUnavailableError    503  the database cannot take a write (full disk, locked file)
├── ScanFailedError            -    a gateway could not have its content scanned
├── ConfigurationError         -    the server cannot start like this
└── DeadlineExceededError      -    raised at a checkpoint inside a detector; becomes the outcome `timeout`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class ScangateError(Exception):
    """Base: `code` is stable and documented, `status` is the HTTP status, `message` is safe to show."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    default_message: ClassVar[str] = "Internal error"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.default_message
        super().__init__(self.message)


class RequestInvalidError(ScangateError):
    code = "request_invalid"
    status = 400
    default_message = "Request data is invalid or malformed"


class ProfileInvalidError(RequestInvalidError):
    """`path` is the place in the document, as in `ai-security-profiles[0].model-configuration.latency`."""

    code = "profile_invalid"
    default_message = "invalid profile"

    def __init__(self, message: str | None = None, *, path: str = "") -> None:
        super().__init__(f"invalid profile: {path}: {message}" if path else message)
        self.path = path


class NotAuthenticatedError(ScangateError):
    code = "not_authenticated"
    status = 401
    default_message = "Not Authenticated"


class LoginRefusedError(NotAuthenticatedError):
    """The same whatever the reason, so that it does not tell who has an account."""

    code = "login_refused"
    default_message = "Wrong e-mail address or password, or the user is locked"


class CredentialsInvalidError(ScangateError):
    code = "credentials_invalid"
    status = 403
    default_message = "Invalid API Key"


class PermissionDeniedError(ScangateError):
    code = "permission_denied"
    status = 403
    default_message = "The role does not permit this"


class ConflictError(ScangateError):
    """`payload` names what is in the way."""

    code = "conflict"
    status = 409
    default_message = "The request conflicts with what is stored"

    def __init__(self, message: str | None = None, *, payload: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.payload = payload


class NotFoundError(ScangateError):
    code = "not_found"
    status = 404
    default_message = "Resource is not found"


class MethodNotAllowedError(ScangateError):
    code = "method_not_allowed"
    status = 405
    default_message = "The method is not allowed"


class RequestTimeoutError(ScangateError):
    code = "request_timeout"
    status = 408
    default_message = "The request body did not arrive in time"


class RequestTooLargeError(ScangateError):
    code = "request_too_large"
    status = 413
    default_message = "The request body is too large"


class MediaTypeError(ScangateError):
    code = "media_type"
    status = 415
    default_message = "The media type is not supported"


class LimitExceededError(ScangateError):
    code = "limit_exceeded"
    status = 429
    default_message = "Request exceeds limit"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceededError(LimitExceededError):
    code = "quota_exceeded"


class StorageUnavailableError(ScangateError):
    code = "storage_unavailable"
    status = 503
    default_message = "Storage is unavailable; nothing was written"


class ScanFailedError(ScangateError):
    """The message says why, as the scanning server gave it."""

    code = "scan_failed"
    default_message = "The content could not be scanned"


class ConfigurationError(ScangateError):
    code = "configuration"
    default_message = "The server cannot start with this configuration"


class DeadlineExceededError(ScangateError):
    code = "deadline_exceeded"
    default_message = "The deadline of the profile has passed"
