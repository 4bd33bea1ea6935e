"""From an ABI to calldata and back: methods, structs, events."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals, registry
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ballast.errors import ChainError

AbiEntry = Mapping[str, Any]
_ARRAY: Final = re.compile(r"^(.*)\[\d*\]$")


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as the EVM wrote it; stays so if no known ABI explains it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Event:
    """A decoded log: `event.name`, `event.address`, and each argument as an attribute.

    An argument whose name is taken (`name`, `address`, `args`) is reached through `event.args`.
    """

    name: str
    address: str
    args: Mapping[str, Any]

    def __getattr__(self, field: str) -> Any:
        if field.startswith("__") or field == "args":
            raise AttributeError(field)
        if field in self.args:
            return self.args[field]
        raise AttributeError(f"{self.name} has no argument {field}; it has {', '.join(self.args)}")


@dataclass(frozen=True, slots=True)
class Function:
    """One ABI entry that can be called. Default arguments make several of one name."""

    name: str
    selector: bytes
    inputs: tuple[AbiEntry, ...]
    outputs: tuple[AbiEntry, ...]
    is_view: bool

    def encode(self, args: Sequence[Any]) -> bytes:
        """Selector and arguments."""
        return self.selector + encode_arguments(self.name, self.inputs, args)

    def decode(self, data: bytes) -> Any:
        """The returned value; a tuple if the function returns several, None if none."""
        if not self.outputs:
            return None
        values = _decode(self.name, self.outputs, data)
        named = tuple(
            _shape(spec, value, self.name) for spec, value in zip(self.outputs, values, strict=True)
        )
        return named[0] if len(named) == 1 else named


class Codec:
    """The ABI of one contract, ready for use."""

    def __init__(self, abi: Iterable[AbiEntry], name: str = "contract") -> None:
        entries = list(abi)
        self.name = name
        self.functions: dict[str, list[Function]] = {}
        for entry in entries:
            if entry["type"] == "function":
                self.functions.setdefault(entry["name"], []).append(_function(entry))
        self._constructor: tuple[AbiEntry, ...] = next(
            (tuple(entry["inputs"]) for entry in entries if entry["type"] == "constructor"), ()
        )
        self._events = {
            keccak(text=_signature(entry)): entry for entry in entries if entry["type"] == "event"
        }

    def constructor(self, args: Sequence[Any]) -> bytes:
        """Encoded constructor arguments."""
        return encode_arguments(f"{self.name}.__init__", self._constructor, args)

    def function(self, name: str, args: Sequence[Any]) -> Function:
        """The function of this name that takes this many arguments."""
        overloads = self.functions.get(name)
        if overloads is None:
            known = ", ".join(sorted(self.functions)) or "none"
            raise ChainError(f"{self.name} has no method {name}. It has: {known}")
        for function in overloads:
            if len(function.inputs) == len(args):
                return function
        usage = " or ".join(_usage(function) for function in overloads)
        raise ChainError(f"{self.name}: {usage}, but got {len(args)} arguments")

    def event(self, log: RawLog) -> Event | RawLog:
        """The log decoded, or as it was if this ABI does not explain it."""
        spec = self._events.get(log.topics[0]) if log.topics else None
        if spec is None:
            return log
        try:
            return Event(spec["name"], log.address, _event_arguments(spec, log))
        except (ChainError, ValueError):
            return log


def _strict_codec() -> ABICodec:
    """eth_abi as it comes: importing ape makes the shared one read missing words as zero."""
    own = registry.copy()  # type: ignore[no-untyped-call]
    own.unregister("uint")
    uint = BaseEquals("uint")  # type: ignore[no-untyped-call]
    own.register(uint, UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
    return ABICodec(own)


ABI: Final = _strict_codec()


def encode_arguments(where: str, inputs: Sequence[AbiEntry], args: Sequence[Any]) -> bytes:
    """ABI-encode; handles on contracts stand for their addresses, dicts for structs."""
    if len(inputs) != len(args):
        names = ", ".join(spec["name"] for spec in inputs)
        raise ChainError(f"{where}({names}) takes {len(inputs)} arguments, got {len(args)}")
    try:
        values = [_plain(spec, value) for spec, value in zip(inputs, args, strict=True)]
        return ABI.encode([_type(spec) for spec in inputs], values)
    except (EncodingError, TypeError, ValueError, KeyError, OverflowError) as error:
        types = ", ".join(f"{spec['name']}: {_type(spec)}" for spec in inputs)
        raise ChainError(f"{where}({types}) cannot take {tuple(args)!r}: {error}") from error


def _function(entry: AbiEntry) -> Function:
    return Function(
        name=entry["name"],
        selector=keccak(text=_signature(entry))[:4],
        inputs=tuple(entry["inputs"]),
        outputs=tuple(entry["outputs"]),
        is_view=entry.get("stateMutability") in ("view", "pure"),
    )


def _usage(function: Function) -> str:
    return f"{function.name}({', '.join(spec['name'] for spec in function.inputs)})"


def _signature(entry: AbiEntry) -> str:
    return f"{entry['name']}({','.join(_type(spec) for spec in entry['inputs'])})"


def _type(spec: AbiEntry) -> str:
    """The canonical type: a struct is spelled as the tuple of its members."""
    kind = str(spec["type"])
    if not kind.startswith("tuple"):
        return kind
    members = ",".join(_type(member) for member in spec["components"])
    return f"({members}){kind.removeprefix('tuple')}"


def _element(spec: AbiEntry) -> AbiEntry | None:
    """What an array holds, or None if this is no array."""
    match = _ARRAY.match(spec["type"])
    return {**spec, "type": match[1]} if match else None


def _plain(spec: AbiEntry, value: Any) -> Any:
    element = _element(spec)
    if element is not None:
        return [_plain(element, item) for item in value]
    if spec["type"] == "tuple":
        members = spec["components"]
        if isinstance(value, Mapping):
            value = [value[member["name"]] for member in members]
        return tuple(_plain(member, item) for member, item in zip(members, value, strict=True))
    if spec["type"] == "address":
        return getattr(value, "address", value)
    return value


def _shape(spec: AbiEntry, value: Any, name: str) -> Any:
    """A decoded value with named members and checksummed addresses."""
    element = _element(spec)
    if element is not None:
        return tuple(_shape(element, item, name) for item in value)
    if spec["type"] == "tuple":
        return _struct(spec, value, name)
    return to_checksum_address(value) if spec["type"] == "address" else value


def _struct(spec: AbiEntry, value: Any, name: str) -> Any:
    members = spec["components"]
    items = (_shape(m, item, name) for m, item in zip(members, value, strict=True))
    fields = [member["name"] for member in members]
    if not all(fields):
        return tuple(items)
    return _struct_class(spec["name"] or name, tuple(fields))(*items)


_STRUCTS: dict[tuple[str, tuple[str, ...]], Any] = {}


def _struct_class(name: str, fields: tuple[str, ...]) -> Any:
    """One named tuple class per name and fields. The ABI does not carry the struct's own name."""
    key = (name, fields)
    if key not in _STRUCTS:
        title = "".join(part.capitalize() for part in name.split("_")) or "Struct"
        _STRUCTS[key] = namedtuple(title, fields, rename=True)
    return _STRUCTS[key]


def _decode(where: str, specs: Sequence[AbiEntry], data: bytes) -> tuple[Any, ...]:
    try:
        return tuple(ABI.decode([_type(spec) for spec in specs], data))
    except (DecodingError, UnicodeDecodeError) as error:
        hint = str(error) if data else "is there a contract at this address?"
        raise ChainError(
            f"{where} returned {len(data)} bytes that do not decode: {hint}"
        ) from error


def _event_arguments(spec: AbiEntry, log: RawLog) -> dict[str, Any]:
    indexed = [entry for entry in spec["inputs"] if entry["indexed"]]
    plain = [entry for entry in spec["inputs"] if not entry["indexed"]]
    topics = [_topic(entry, topic) for entry, topic in zip(indexed, log.topics[1:], strict=True)]
    values = _decode(spec["name"], plain, log.data)
    shaped = [
        _shape(entry, value, entry["name"]) for entry, value in zip(plain, values, strict=True)
    ]
    by_name = {
        entry["name"]: value
        for entries, found in ((indexed, topics), (plain, shaped))
        for entry, value in zip(entries, found, strict=True)
    }
    return {entry["name"]: by_name[entry["name"]] for entry in spec["inputs"]}


def _topic(spec: AbiEntry, topic: bytes) -> Any:
    """An indexed argument; of a dynamic type the chain keeps only the hash."""
    kind = _type(spec)
    if kind in ("string", "bytes") or kind.startswith("(") or kind.endswith("]"):
        return topic
    return _shape(spec, ABI.decode([kind], topic)[0], spec["name"])
