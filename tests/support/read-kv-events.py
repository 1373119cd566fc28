"""Reads events of a cache as a router does: by ZeroMQ's own library, and by the types that vLLM declares.

`decode`: base64 payloads, a line each, from standard input. `connect ENDPOINT TOPIC` and `bind ENDPOINT TOPIC` subscribe; `bind`
first says the endpoint that it has. Each batch is a line of JSON on standard output.
"""
import base64, json, sys
from typing import Any, Optional, Union
import msgspec


# As vllm/distributed/kv_events.py has them in the releases that llm-d's router reads.
class EventBatch(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    ts: float
    events: list[Any]
    data_parallel_rank: Optional[int] = None


class KVCacheEvent(msgspec.Struct, array_like=True, omit_defaults=True, gc=False, tag=True):
    pass


class BlockStored(KVCacheEvent):
    block_hashes: list[Union[bytes, int]]
    parent_block_hash: Optional[Union[bytes, int]]
    token_ids: list[int]
    block_size: int
    lora_id: Optional[int]
    medium: Optional[str]
    lora_name: Optional[str]
    extra_keys: Optional[list[Optional[tuple[Any, ...]]]] = None


class BlockRemoved(KVCacheEvent):
    block_hashes: list[Union[bytes, int]]
    medium: Optional[str]


class AllBlocksCleared(KVCacheEvent):
    pass


class KVEventBatch(EventBatch):
    events: list[Union[BlockStored, BlockRemoved, AllBlocksCleared]]


decoder = msgspec.msgpack.Decoder(KVEventBatch)


def shown(value):
    # JSON of JavaScript holds no number of 64 bits.
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return value if value < 2**53 else f'0x{value:016x}'
    if isinstance(value, bytes):
        return f'bytes {value.hex()}'
    if isinstance(value, (list, tuple)):
        return [shown(one) for one in value]
    fields = {name: shown(getattr(value, name)) for name in value.__struct_fields__}
    return {'type': type(value).__name__, **fields}


def hashes_as_text(batch):
    for event in batch['events']:
        for name in ('block_hashes', 'parent_block_hash'):
            value = event.get(name)
            if isinstance(value, list):
                event[name] = [str(one) for one in value]
            elif value is not None:
                event[name] = str(value)
    return batch


def say(value):
    print(json.dumps(value), flush=True)


if sys.argv[1] == 'decode':
    for line in sys.stdin:
        say(hashes_as_text(shown(decoder.decode(base64.b64decode(line)))))
else:
    import zmq

    mode, endpoint, topic = sys.argv[1:]
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
    # Pings want their answers.
    socket.setsockopt(zmq.HEARTBEAT_IVL, 100)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 20000)
    if mode == 'bind':
        socket.bind(endpoint)
        say({'endpoint': socket.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip('\0')})
    else:
        socket.connect(endpoint)
    while True:
        topic, sequence, payload = socket.recv_multipart()
        batch = hashes_as_text(shown(decoder.decode(payload)))
        say({'topic': topic.decode(), 'sequence': int.from_bytes(sequence, 'big'), **batch})
