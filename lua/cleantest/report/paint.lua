-- SPDX-License-Identifier: MIT

--- Colours for reports, or none. It decides nothing: the command says whether the
-- stream takes them.
-- @internal cleantest.report.paint

local codes = { pass = "32", skip = "33", fail = "1;31", error = "1;35", kept = "36", dim = "2" }

--- Makes a painter.
-- @tparam boolean colours whether to paint at all
-- @treturn function (style, s) -> s, in the style: "pass", "skip", "fail", "error", "kept", "dim"
return function(colours)
  return function(style, s)
    local code = colours and codes[style]
    return code and ("\27[%sm%s\27[0m"):format(code, s) or s
  end
end
