from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report import sheet

NODE_6 = [
    *(("incoming", "tcp", port) for port in (80, 88)),
    *(("incoming", "udp", port) for port in (69, 1050, 5683, 50195, 50201)),
    *(("outgoing", "tcp", port) for port in (80, 88)),
    *(("outgoing", "udp", port) for port in (69, 1050, 5683, 50195, 50202)),
]


def test_the_tail_of_the_node_sheet_is_drawn_as_the_vendor_draws_it():
    assert [line.split() for line in sheet.table(NODE_6)] == [
        ["INCOMING", "OUTGOING"],
        ["TCP", "UDP", "TCP", "UDP"],
        ["80", "69", "80", "69"],
        ["88", "1050", "88", "1050"],
        ["--", "5683", "--", "5683"],
        ["--", "50195", "--", "50195"],
        ["--", "50201", "--", "--"],
        ["--", "--", "--", "50202"],
    ]


def test_columns_are_aligned_also_with_marks():
    lines = sheet.table(NODE_6, None, lambda direction, transport, port: (f"{port} \u2713", ""))
    assert len({line.index("UDP") for line in lines[1:2]} | {lines[2].index("69 ")}) == 1
    assert "88 \u2713" in lines[3]


def test_other_transports_follow_the_table():
    assert sheet.table([("incoming", "sctp", 7)])[-1] == "  INCOMING SCTP 7"


def test_colour_does_not_move_columns():
    plain = sheet.table(NODE_6)
    painted = sheet.table(NODE_6, None, None, lambda text, colour: f"<{colour}>{text}</>" if colour else text)
    assert [line.replace("<dim>", "").replace("</>", "") for line in painted] == plain


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
@settings(deadline=None)
def test_both_directions_keep_their_ports_and_their_order(incoming, outgoing):
    lines = sheet.side_by_side(incoming, outgoing)
    assert [left for left, _ in lines if left is not None] == incoming
    assert [right for _, right in lines if right is not None] == outgoing
    assert all(left == right for left, right in lines if None not in (left, right))


def test_the_vendors_own_lines_win():
    columns = {"incoming/tcp": (80, 443), "incoming/udp": (69, None, 5683), "outgoing/udp": (None, 69)}
    places = [("incoming", "tcp", 80)]
    assert [line.split() for line in sheet.table(places, columns)[2:]] == [
        ["80", "69", "--", "--"],
        ["443", "--", "--", "69"],
        ["--", "5683", "--", "--"],
    ]
