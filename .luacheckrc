std = "lua54"
max_line_length = 100
files["spec"].std = "+busted"
-- Definitions: functions without bodies, and tags that must stand on one line.
files["lua/socketio/types"] = { ignore = { "2" }, max_line_length = false }
