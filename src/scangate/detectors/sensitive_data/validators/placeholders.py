"""What stands where a secret would stand and is none: placeholders, references to variables, types, words of prose."""

from __future__ import annotations

from typing import Final

_WORDS: Final = frozenset(
    {
        "password", "passwd", "pass", "pwd", "passwort", "passphrase", "secret", "secrets", "token", "tokens", "key",
        "apikey", "username", "user", "changeme", "change_me", "change-me", "changeit", "change_it", "example", "sample",
        "dummy", "placeholder", "redacted", "hidden", "masked", "removed", "none", "null", "nil", "true", "false",
        "undefined", "empty", "required", "optional", "string", "str", "text", "varchar", "char", "integer", "int", "bool",
        "boolean", "bytes", "object", "any", "type", "number", "value", "todo", "tbd", "fixme", "your", "mine", "here", "n/a",
        "na", "unknown", "invalid", "incorrect", "wrong", "expired", "missing", "set", "unset", "reset", "protected",
        "encrypted", "hashed", "stored", "saved", "sent", "shown", "visible", "correct", "valid", "weak", "strong", "secure",
        "insecure", "safe", "unsafe", "case-sensitive", "sensitive", "same", "different", "mandatory", "forgotten", "lost",
        "compromised", "leaked", "stolen", "old", "new", "current", "confirm", "confirmation", "admin", "root", "test",
        "testing", "default", "env", "environment", "config", "settings", "vault", "self", "this", "args", "kwargs", "input",
        "prompt", "getpass", "request", "params", "body", "data", "form", "contraseña", "senha", "parola", "пароль", "密码",
        "パスワード", "mot", "mdp", "credentials", "credential", "clave", "blank", "abc", "foo", "bar", "baz", "foobar", "hunter",
        "password1", "pass1", "passw0rd", "not", "never", "also", "too", "only", "just", "very", "being", "used", "using",
        "needed", "ok", "okay", "xxx", "yyy", "zzz", "basic", "bearer", "digest", "authorization", "field", "prop", "props",
        "state", "readonly", "public", "private", "static", "const", "let", "var", "final", "export", "default_password",
        "mypassword", "yourpassword", "my_password", "your_password", "somepassword", "some_password", "userpassword",
        "user_password", "dbpassword", "db_password", "the-password", "the_password", "insert", "replace", "enter", "provide",
        "specify", "fill", "add", "put", "must", "should", "can", "cannot", "will", "may", "might", "at", "in", "on", "of",
        "for", "to", "by", "from", "with", "as", "is", "was", "are", "be", "been", "and", "or", "if", "then", "else", "when",
        "while", "until", "unless", "between", "before", "after", "during", "within", "via", "per", "anonymous", "anonymous@",
    }
)  # fmt: skip
"""Whole values, in lower case."""
_PARTS: Final = (
    "example", "placeholder", "changeme", "change-me", "change_me", "your_", "your-", "yourp", "yourt", "yours", "yourk", "youra",
    "<your", "my_secret", "mysecret", "insert_", "insert-", "replace", "redacted", "xxxx", "****", "....", "…", "os.environ",
    "getenv", "process.env", "environ[", "env.", "env[", "config.", "config[", "settings.", "secrets.", "vault:", "_here",
    "-here", "dummy", "not_a_real", "notreal", "fake", "some_", "todo", "lorem", "●", "••",
)  # fmt: skip
_OPENERS: Final = ("<", "${", "{{", "$(", "$[", "%(", "{%", "[[", "#{", "@{", "*", "%{", "!", "&lt;", "\\u003c")
_WITHOUT_DIGITS: Final = {ord(digit): None for digit in "0123456789"}
_ALPHABETS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop")


def is_reference(value: str) -> bool:
    """A variable, a template or a lookup in place of the secret itself: `$DB_PASS`, `%PASS%`, `{{ token }}`, `<password>`."""
    if value.startswith(_OPENERS) or value.endswith(("}}", "%>")):
        return True
    if value[:1] == "$" and _is_variable(value[1:]):
        return True
    if value.startswith(("[", "{")) and value.endswith(("]", "}")):
        return not any(char.isdigit() for char in value)
    return value[:1] == "%" and value[-1:] == "%" and len(value) > 1


def _is_variable(name: str) -> bool:
    """What may follow the `$` of a shell, Perl, PHP or PowerShell: words in letters, perhaps numbered at the end, no password."""
    if name.replace("_", "").isalnum() and (name.isupper() or "_" in name or name.isdigit()):
        return True
    parts = name.replace("->", ".").replace("::", ".").replace(":", ".").split(".")
    return all(
        part.rstrip("0123456789").replace("_", "a").isalpha() and len(part) - len(part.rstrip("0123456789")) < 3 for part in parts
    )


def is_placeholder(value: str) -> bool:
    """Stands for a secret: one of the usual words, one character repeated, a telling part, the alphabet."""
    low = value.lower()
    if low in _WORDS or low.strip("\"'`[](){}<>.,;:!?*_-") in _WORDS or not low.strip("\"'`[](){}<>.,;:!?*_-"):
        return True
    if len(set(low)) <= 2 or any(part in low for part in _PARTS):
        return True
    return is_reference(value)


def holds_alphabet(value: str) -> bool:
    """The alphabet or the digits in order, ten or more at a stretch: an alphabet table, a made-up key."""
    low = value.lower()
    return any(alphabet[start : start + 10] in low for alphabet in _ALPHABETS for start in range(len(alphabet) - 9))


def is_identifier(value: str) -> bool:
    """A name in code rather than a literal: letters with `_`, dots or humps, no digits worth the name."""
    parts = value.replace("->", ".").replace("::", ".").split(".")
    if len(parts) > 1 and value.count("_") and sum(map(str.isdigit, value)) == 1:
        parts = [part.translate(_WITHOUT_DIGITS) for part in parts]
    if not all(part.replace("_", "a").isalpha() for part in parts):
        return False
    return len(parts) > 1 or "_" in value.strip("_") or (value != value.lower() and value[1:] != value[1:].lower())
