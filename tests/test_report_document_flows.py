import reports

from analyzer.model.flow import PARTS
from analyzer.report import document


def test_an_unknown_is_null():
    assert document.flow(reports.ARP)["originator"]["port"] is None
    assert document.flow(reports.FLOWS.flows[0])["verdict"] is None


def test_contract_values():
    entry = document.flow(reports.COAP)
    assert entry["packets"] == [5, 4]
    assert entry["frames"] == [1, 212]
    assert entry["direction"] == {"confidence": "certain", "basis": "payload"}
    assert entry["originator"] == {"address": "10.20.1.21", "port": 49152, "roles": ["igor-node"]}
    assert entry["first"] == "2026-01-02T03:03:05.000006Z"


def test_every_part_of_a_record_stands_somewhere_once():
    def leaves(shape):
        if isinstance(shape, str):
            return [shape]
        inner = shape.values() if isinstance(shape, dict) else shape
        return [leaf for one in inner for leaf in leaves(one)]

    assert sorted(leaves(document.FLOW)) == sorted(PARTS)
