// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/dubbo/frame.hpp"
#include "messages/l7.hpp"

#include <string_view>

namespace troupe::l7::dubbo {

/// Service and method of a call, where its serialization is Hessian 2 or fastjson.
void tell_request(const header& x, std::string_view message, l7_exchange& told);

/// The status; where that is fine, whether the call threw an exception.
void tell_answer(const header& x, std::string_view message, l7_exchange& told);

} // namespace troupe::l7::dubbo
