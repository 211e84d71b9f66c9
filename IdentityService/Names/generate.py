#!/usr/bin/env python3
"""Makes unicode-names.txt: what of Unicode the rules of user names need, as small tables.

Reads the Unicode Character Database (Debian's package unicode-data, /usr/share/unicode) and, for what UTS 39 adds to it
(identifier status and confusables), asks ICU's spoof checker of the same Unicode version (Debian's libicu72 is 15.0).
Needed only to move to another version of Unicode; nothing of it is needed to build or run.

    ./generate.py /usr/share/unicode 72 > unicode-names.txt
    ./generate.py /usr/share/unicode 72 test > ../../tests/IdentityService.Tests/Names/normalization.txt
"""
import bz2
import ctypes
import sys

ucd, icu = sys.argv[1], sys.argv[2]


def rows(name):
    with open(f"{ucd}/{name}", encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                yield [field.strip() for field in line.split(";")]


def span(text):
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def points(text):
    return [int(point, 16) for point in text.split()]


def write(text):
    return " ".join(f"{point:X}" for point in text)


if "test" in sys.argv:
    # Source and NFKC of every line of NormalizationTest.txt.
    with bz2.open(f"{ucd}/NormalizationTest.txt.bz2", "rt", encoding="utf-8") as file:
        for line in file:
            fields = line.split("#")[0].split(";")
            if len(fields) > 4:
                print(f"{write(points(fields[0]))};{write(points(fields[3]))}")
    sys.exit()

category, classes, canonical, compatible = {}, {}, {}, {}
opened = None
with open(f"{ucd}/UnicodeData.txt", encoding="utf-8") as file:
    for line in file:
        fields = line.rstrip("\n").split(";")
        point = int(fields[0], 16)
        for one in range(opened, point + 1) if fields[1].endswith("Last>") else [point]:
            category[one] = fields[2]
        opened = point
        if fields[3] != "0":
            classes[point] = int(fields[3])
        if fields[5].startswith("<"):
            compatible[point] = points(fields[5].split("> ")[1])
        elif fields[5]:
            canonical[point] = points(fields[5])


def decompose(point, tables):
    for table in tables:
        if point in table:
            return [part for one in table[point] for part in decompose(one, tables)]
    return [point]


excluded = {point for fields in rows("DerivedNormalizationProps.txt") if fields[1] == "Full_Composition_Exclusion" for point in span(fields[0])}
folding = {int(fields[0], 16): points(fields[2]) for fields in rows("CaseFolding.txt") if fields[1] in "CF"}

short = {}
for fields in rows("PropertyValueAliases.txt"):
    if fields[0] == "sc":
        short[fields[2]] = fields[1]
scripts = {point: [short[fields[1]]] for fields in rows("Scripts.txt") for point in span(fields[0])}
scripts.update({point: fields[1].split() for fields in rows("ScriptExtensions.txt") for point in span(fields[0])})

common, spoofs = ctypes.CDLL(f"libicuuc.so.{icu}"), ctypes.CDLL(f"libicui18n.so.{icu}")


def call(library, name, result, *arguments):
    function = getattr(library, f"{name}_{icu}")
    function.restype = result
    return function(*arguments)


status = ctypes.c_int(0)
checker = ctypes.c_void_p(call(spoofs, "uspoof_open", ctypes.c_void_p, ctypes.byref(status)))
recommended = ctypes.c_void_p(call(spoofs, "uspoof_getRecommendedSet", ctypes.c_void_p, ctypes.byref(status)))


def prototype(point):
    text, buffer, fault = chr(point).encode(), ctypes.create_string_buffer(200), ctypes.c_int(0)
    size = call(
        spoofs, "uspoof_getSkeletonUTF8", ctypes.c_int32,
        checker, ctypes.c_uint32(0), text, ctypes.c_int32(len(text)), buffer, ctypes.c_int32(200), ctypes.byref(fault))
    assert fault.value == 0
    return [ord(letter) for letter in buffer.raw[:size].decode()]


allowed = [
    point for point in sorted(category)
    if category[point][0] in "LMN" and call(common, "uset_contains", ctypes.c_int8, recommended, ctypes.c_int32(point))]
allowed = sorted({*allowed, ord("."), ord("-"), ord("_")})


def section(name, lines):
    print(f"@{name}")
    print("\n".join(lines))


def ranges(values):
    """Consecutive points of one value, as first-last=value."""
    first = last = value = None
    for point, one in sorted(values.items()):
        if point - 1 != last or one != value:
            if first is not None:
                yield f"{first:X}-{last:X}={value}"
            first, value = point, one
        last = point
    yield f"{first:X}-{last:X}={value}"


def script(point):
    found = scripts[point]
    return "*" if found in (["Zyyy"], ["Zinh"]) else ",".join(found)


print("# Derived from the Unicode Character Database 15.0.0 by generate.py. Copyright Unicode, Inc.; Unicode License v3.")
full = {point: decompose(point, [compatible, canonical]) for point in sorted({*canonical, *compatible})}
section("decompositions", (f"{point:X}={write(parts)}" for point, parts in full.items()))
section("compositions", (f"{write(parts)}={point:X}" for point, parts in sorted(canonical.items()) if len(parts) == 2 and point not in excluded))
section("classes", ranges(classes))
section("foldings", (f"{point:X}={write(parts)}" for point, parts in sorted(folding.items())))
section("allowed", ranges({point: script(point) + (";M" if category[point][0] == "M" else ";P" if category[point][0] == "P" else "") for point in allowed}))

# A skeleton is taken of decomposed text.
# Syllables of Hangul decompose by computation.
seen = {part for point in allowed for part in decompose(point, [canonical])} - set(range(0xAC00, 0xD7A4)) | set(range(0x1100, 0x1200))
section("prototypes", (f"{point:X}={write(prototype(point))}" for point in sorted(seen) if point not in canonical and prototype(point) != [point]))
