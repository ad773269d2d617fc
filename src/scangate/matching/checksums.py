"""Check digits and other self-tests of identifiers that are met too often, or too oddly, to go through python-stdnum.

Every function takes the compact form (no separators) and answers whether the identifier proves itself; none raises on bad input.
"""

from __future__ import annotations

import hashlib
import zlib

_LUHN_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_LUHN_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE58 = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANTS = frozenset({1, 0x2BC830A3})


def _ascii_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    if not _ascii_digits(digits):
        return False
    octets = digits.encode()
    return (sum(octets[-1::-2].translate(_LUHN_PLAIN)) + sum(octets[-2::-2].translate(_LUHN_DOUBLED))) % 10 == 0


def mod_97_10(text: str) -> bool:
    """ISO/IEC 7064 MOD 97-10 over digits and upper-case letters (A is 10), as in an IBAN with its first four characters last."""
    if not (text.isascii() and text.isalnum()):
        return False
    return int("".join(str(int(char, 36)) for char in text)) % 97 == 1


def aba_routing(digits: str) -> bool:
    """American Bankers Association routing number: nine digits, weights 3-7-1, a Federal Reserve prefix."""
    if len(digits) != 9 or not _ascii_digits(digits):
        return False
    prefix = int(digits[:2])
    if not (0 < prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80):
        return False
    return sum(weight * int(digit) for weight, digit in zip((3, 7, 1) * 3, digits, strict=True)) % 10 == 0


def cusip(text: str) -> bool:
    """CUSIP (ANSI X9.6): nine characters, modulus 10 double add double."""
    if len(text) != 9 or not text.isascii() or not text[8].isdigit():
        return False
    total = 0
    for index, char in enumerate(text[:8]):
        value = int(char, 36) if char.isalnum() else {"*": 36, "@": 37, "#": 38}.get(char, -1)
        if value < 0:
            return False
        value *= 1 + index % 2
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(text[8])


def base62_crc32(text: str) -> bool:
    """The last six characters are the CRC-32 of those before, in base 62 (GitHub and npm tokens without their prefix)."""
    payload, check = text[:-6], text[-6:]
    if not payload or not text.isascii():
        return False
    value = zlib.crc32(payload.encode())
    encoded = ""
    while value:
        value, digit = divmod(value, 62)
        encoded = _BASE62[digit] + encoded
    return encoded.rjust(6, "0") == check


def base58check(text: str, *, alphabet: str = _BASE58) -> bytes | None:
    """The payload with its version byte when the four bytes of double SHA-256 at the end agree; up to 120 characters."""
    if not text or len(text) > 120:
        return None
    number = 0
    for char in text:
        digit = alphabet.find(char)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    payload, check = raw[:-4], raw[-4:]
    digest = hashlib.sha256(hashlib.sha256(payload).digest()).digest()
    return payload if payload and digest[:4] == check else None


def ripple_address(text: str) -> bool:
    """An XRP account address: base58check in Ripple's alphabet, version 0, 20 bytes."""
    payload = base58check(text, alphabet=_RIPPLE58)
    return payload is not None and len(payload) == 21 and payload[0] == 0


def bech32(text: str) -> bool:
    """BIP 173 (bech32) or BIP 350 (bech32m), at most 90 characters, not in mixed case."""
    if len(text) > 90 or (text != text.lower() and text != text.upper()):
        return False
    prefix, separator, data = text.lower().rpartition("1")
    if not separator or not prefix or len(data) < 6 or any(char not in _BECH32 for char in data):
        return False
    values = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    values += [_BECH32.index(char) for char in data]
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum in _BECH32_CONSTANTS


def eip55(address: str) -> bool:
    """An Ethereum address (`0x` and 40 hexadecimal digits) whose letter case is the checksum of EIP-55. About 0.5 ms."""
    digits = address[2:]
    if len(address) != 42 or digits == digits.lower() or digits == digits.upper():
        return False
    digest = keccak_256(digits.lower().encode()).hex()
    return all(char.isdigit() or char.isupper() == (int(nibble, 16) >= 8) for char, nibble in zip(digits, digest, strict=False))


_MASK = (1 << 64) - 1
_RATE = 136
_ROTATIONS = (0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14)


def _round_constants() -> tuple[int, ...]:
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


_ROUND_CONSTANTS = _round_constants()


def _keccak_f(lanes: list[int]) -> list[int]:
    """Keccak-f[1600] over 25 lanes, x + 5 y (FIPS 202, section 3)."""
    for constant in _ROUND_CONSTANTS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        parity = [columns[(x + 4) % 5] ^ ((columns[(x + 1) % 5] << 1 | columns[(x + 1) % 5] >> 63) & _MASK) for x in range(5)]
        moved = [0] * 25
        for index in range(25):
            lane, turn = lanes[index] ^ parity[index % 5], _ROTATIONS[index]
            x, y = index % 5, index // 5
            moved[y + 5 * ((2 * x + 3 * y) % 5)] = (lane << turn | lane >> (64 - turn)) & _MASK
        lanes = [
            moved[index] ^ (~moved[index - index % 5 + (index + 1) % 5] & moved[index - index % 5 + (index + 2) % 5])
            for index in range(25)
        ]
        lanes[0] ^= constant
    return lanes


def keccak_256(message: bytes) -> bytes:
    """Keccak-256 with the original padding (0x01), as Ethereum uses it: not the SHA3-256 of hashlib."""
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % _RATE))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for block in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            lanes[lane] ^= int.from_bytes(padded[block + 8 * lane : block + 8 * lane + 8], "little")
        lanes = _keccak_f(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])
