from pathlib import Path

import analyzer


def test_a_survey_is_a_frame_a_document_and_a_site_file(tmp_path):
    capture = Path(__file__).parents[1] / "samples" / "healthy-current" / "capture.pcap"
    found = analyzer.survey(capture)
    assert isinstance(found, analyzer.SurveyResult)
    hosts = found.hosts.set_index("address")
    assert hosts.loc["10.20.0.10", "role"] == "igor-gateway"
    assert hosts["in_force"].all()
    assert hosts.loc["10.20.0.10", "names"] == ("device 100, vendor 999",)
    assert found.to_dict()["schema"] == "portmatrix.survey/1"
    site = tmp_path / "site.yaml"
    site.write_text(found.to_yaml(), encoding="utf-8")
    assert analyzer.check(capture, site=site).compliant
    assert repr(found) == "<5 hosts in 3 lines>"
