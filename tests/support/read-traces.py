"""Reads what an exporter of OTLP sent, by OpenTelemetry's own schema and propagator.

Standard input: {"protobuf": [base64], "json": [text], "headers": [text]}. Standard output: each message as JSON with ids in
hexadecimal, and of each traceparent the trace and the span that it names, or null.
"""
import base64, json, sys
from google.protobuf import json_format
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

IDS = ('traceId', 'spanId', 'parentSpanId')


def with_ids(value, convert):
    """OTLP writes ids in hexadecimal where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_ids(one, convert) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: convert(one) if key in IDS else with_ids(one, convert) for key, one in value.items()}


def from_json(text):
    converted = with_ids(json.loads(text), lambda digits: base64.b64encode(bytes.fromhex(digits)).decode())
    return json_format.Parse(json.dumps(converted), ExportTraceServiceRequest())


def shown(message):
    # A field with a number that the schema lacks would be passed over in silence.
    assert not len(UnknownFieldSet(message))
    return with_ids(json_format.MessageToDict(message), lambda text: base64.b64decode(text).hex())


def place_of(traceparent):
    context = TraceContextTextMapPropagator().extract({'traceparent': traceparent})
    span = get_current_span(context).get_span_context()
    return [f'{span.trace_id:032x}', f'{span.span_id:016x}', bool(span.trace_flags & 1)] if span.is_valid else None


given = json.load(sys.stdin)
print(json.dumps({
    'protobuf': [shown(ExportTraceServiceRequest.FromString(base64.b64decode(body))) for body in given['protobuf']],
    'json': [shown(from_json(body)) for body in given['json']],
    'headers': [place_of(header) for header in given['headers']],
}))
