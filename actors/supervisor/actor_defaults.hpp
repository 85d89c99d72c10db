// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared with: all
// Uses CAF: it sets the handlers of every actor.

// What every actor of troupe does about trouble. A second owner for a good reason: each
// <actor>.cpp calls install_defaults(self, "name") before anything else, because CAF's own
// handlers print to stdout, where the command line's data goes.

#include "messages/actors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <string_view>

namespace troupe {

/// An error as a person reads it: ours by name and text, CAF's by CAF's own rendering.
inline std::string describe(const caf::error& reason) {
  if (!reason)
    return "normal";
  if (reason.category() != caf::atom("troupe"))
    return caf::to_string(reason);
  auto text = to_string(static_cast<ec>(reason.code()));
  const auto& context = reason.context();
  if (!context.empty() && context.match_element<std::string>(0))
    text += ": " + context.get_as<std::string>(0);
  return text;
}

/// What an exception leaves of itself: CAF would keep only that there was one.
inline caf::error describe_exception(std::string_view actor, const std::exception_ptr& thrown) {
  std::string text = "unknown exception";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) { // Not an std::exception: nothing to read from it.
  }
  spdlog::error("{} exception {}", actor, text);
  return caf::make_error(caf::sec::runtime_error, text);
}

/// Logging down, exit, error, default and exception handlers. `name` must outlive the actor: a
/// literal. An actor that supervises others replaces the down handler afterwards.
template <class Self>
void install_defaults(Self* self, const char* name) {
  self->set_down_handler([name](const caf::down_msg& down) {
    spdlog::debug("{} down a monitored actor ended: {}", name, describe(down.reason));
  });
  self->set_exit_handler([self, name](const caf::exit_msg& exit) {
    if (!exit.reason)
      return; // A linked actor that ended well: not our end.
    spdlog::debug("{} exit {}", name, describe(exit.reason));
    self->quit(exit.reason);
  });
  self->set_error_handler([self, name](caf::error& error) {
    spdlog::error("{} error {}", name, describe(error));
    self->quit(error);
  });
  self->set_default_handler([name](caf::scheduled_actor*, caf::message_view& view) {
    const auto& content = view.content();
    const auto* type = !content.empty() ? content.type(0).second : nullptr;
    spdlog::warn("{} unexpected-message dropped one of type {}", name,
                 type != nullptr ? type->name() : "built in");
    return caf::result<caf::message>{caf::sec::unexpected_message};
  });
  self->set_exception_handler(
      [name](std::exception_ptr& thrown) { return describe_exception(name, thrown); });
}

} // namespace troupe
