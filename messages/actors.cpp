// SPDX-License-Identifier: Apache-2.0
// Shows that the contract compiles by itself, without what another file happened to include first.
#include "messages/actors.hpp"
