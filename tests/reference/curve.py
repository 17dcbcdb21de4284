# SPDX-License-Identifier: AGPL-3.0-or-later
"""The curve edwards25519 in plain integers: the formulas of RFC 8032 §5.1, with no regard to time or secrets."""

from dataclasses import dataclass

from tests.reference.rejection import require

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


@dataclass(frozen=True)
class Point:
    """A point (X/Z, Y/Z) with T = XY/Z, RFC 8032 §5.1.4."""

    X: int
    Y: int
    Z: int
    T: int

    def __add__(self, other: "Point") -> "Point":
        a = (self.Y - self.X) * (other.Y - other.X) % P
        b = (self.Y + self.X) * (other.Y + other.X) % P
        c = 2 * self.T * other.T * D % P
        d = 2 * self.Z * other.Z % P
        e, f, g, h = b - a, d - c, d + c, b + a
        return Point(e * f % P, g * h % P, f * g % P, e * h % P)

    def __rmul__(self, scalar: int) -> "Point":
        total, power = IDENTITY, self
        while scalar:
            if scalar & 1:
                total = total + power
            power = power + power
            scalar >>= 1
        return total

    def __neg__(self) -> "Point":
        return Point(-self.X % P, self.Y, self.Z, -self.T % P)

    def equals(self, other: "Point") -> bool:
        """Whether the two are one point."""
        same_x = (self.X * other.Z - other.X * self.Z) % P == 0
        same_y = (self.Y * other.Z - other.Y * self.Z) % P == 0
        return same_x and same_y


IDENTITY = Point(0, 1, 1, 0)


def from_affine(x: int, y: int) -> Point:
    """The point with these coordinates."""
    return Point(x, y, 1, x * y % P)


def compress(point: Point) -> bytes:
    """The 32-byte canonical encoding: y, with the low bit of x as the top bit."""
    inverse = pow(point.Z, -1, P)
    x, y = point.X * inverse % P, point.Y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress(data: bytes) -> Point:
    """The point of a canonical encoding, spec 02 §1 rule 2; else `not_canonical`."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255
    require(y < P, "not_canonical")
    x_squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x_squared, (P + 3) // 8, P)
    if x * x % P != x_squared:
        x = x * ROOT_OF_MINUS_ONE % P
    require(x * x % P == x_squared, "not_canonical")
    require(x != 0 or sign == 0, "not_canonical")
    return from_affine(x if x % 2 == sign else P - x, y)


# The base point has y = 4/5 and an even x (RFC 8032 §5.1).
BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
