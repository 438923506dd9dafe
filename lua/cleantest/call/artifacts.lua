-- SPDX-License-Identifier: MIT

--- The folder in an instance that a testlet puts into what it wants to leave: files
-- for people, whatever its verdict is. Each testlet has one; it is brought here when somebody has
-- said where to. In an instance that exists already there is none unless it is: should somebody
-- stop that instance meanwhile, nothing of ours is to stay in it.
-- @internal cleantest.call.artifacts

local artifacts = {}

local count = 0 -- folders so far: testlets that share an instance have one each

local dest_of -- function(job) -> a folder here, or nil; nil: nobody wants them

--- Says where the artifacts of jobs go.
-- @tparam ?function f job -> the path of a folder here, for its files; nil: nowhere. Without f
--   nothing is collected
function artifacts.collect(f)
  dest_of = f
end

--- Gives a job its folder, if it is to have one: `artifacts_source`, and the step that brings it
-- here, behind its stop hooks.
-- @tparam table job from jobs.complete, with its id
function artifacts.add(job)
  local dest = dest_of and dest_of(job)
  if job.target and not dest then return end
  count = count + 1
  job.artifacts_source = ("/.cleantest/artifacts-%d"):format(count)
  if not dest then return end
  job.stop_hooks[#job.stop_hooks + 1] = {
    name = "artifacts",
    steps = { {
      kind = "pull", name = "artifacts", source = job.artifacts_source, dest = dest,
      directory = true, optional = true, -- the guest removes one that is empty
    } },
  }
end

return artifacts
