-- SPDX-License-Identifier: MIT

--- What the installers of apt, dnf, zypper, pacman, apk and system share: one
-- call of the package manager.
-- @internal cleantest.packages.distribution

--- Makes an installer.
-- @tparam table manager the package manager, from cleantest.utils
-- @treturn function of spec: packages (a list of names, or paths of package files in the
--   instance), update (fetch the lists even when there are some), recommends (for apt)
return function(manager)
  return function(spec)
    if spec.update then manager.update() end
    if spec.recommends == nil then
      manager.install(spec.packages)
    else
      manager.install(spec.packages, { recommends = spec.recommends })
    end
    for _, package in ipairs(spec.packages) do print("installed " .. package) end
  end
end
