// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ways to learn the owner of an accepted socket (docs/adr/0006): a test of what they have in
// common runs once for each that this kernel takes.

#include "actors/bpf_reader/bpf_objects.hpp"

#include <string>
#include <vector>

namespace troupe {

/// All of them, in the order in which the agent tries them.
const std::vector<std::string>& owner_hooks();

/// How the feature fares when only this way may be taken.
feature_status try_owner_hook(const std::string& hook);

/// Those that this kernel takes.
const std::vector<std::string>& working_owner_hooks();

/// One of them: the test case that calls this runs once for each, as a subcase.
std::string each_owner_hook();

/// The tests' options, with this way and no other.
kernel_options options_with(const std::string& hook);

} // namespace troupe
