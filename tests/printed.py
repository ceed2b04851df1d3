"""Tables as Igor prints them, typed from the documents: incoming TCP, UDP, outgoing TCP, UDP."""

GATEWAY_5 = """\
80 69 80 69
88 1050 88 1050
443 -- 443 --
8080 -- 8080 --
8081 -- 8081 --
-- 5683 -- 5683
-- 50195 -- 50195
-- 50196 -- 50196
-- 50197 -- 50197
-- 50198 -- 50198
-- 50199 -- 50199
-- -- -- 50201
-- 50202 -- 50202
"""
"""Igor Gateway Software Port Requirements, Software Versions 5.0.0 and Higher."""

NODE_4 = """\
80 69 80 69
88 1050 88 1050
1901 1901 1900 1901
-- 5683 1901 5683
-- 50195 -- 50195
-- 50196 -- 50196
-- 50197 -- 50197
-- 50198 -- 50198
-- 50199 -- 50199
-- 50201 -- --
"""
"""Igor Node Firmware Port Requirements, Firmware Versions 4.0.0 through 5.0.2."""
