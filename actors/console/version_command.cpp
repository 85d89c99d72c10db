// SPDX-License-Identifier: Apache-2.0
#include "actors/console/real_commands.hpp"
#include "actors/console/record_writer.hpp"

#include <sys/utsname.h>

namespace troupe {

namespace {

std::string architecture() {
  utsname name{};
  return ::uname(&name) == 0 ? name.machine : "unknown";
}

std::string version_text(output_format format) {
  const record row{{"version", "architecture", "compiler"},
                   {std::string{TROUPE_VERSION}, architecture(), std::string{__VERSION__}}};
  if (format == output_format::yaml)
    return yaml_document(row).substr(4); // One document: no separator.
  if (format == output_format::json) {
    std::string text;
    append_json(text, row);
    return text + "\n";
  }
  std::string text = "troupe " + std::string{TROUPE_VERSION} + "\n";
  if (format == output_format::wide)
    text += "architecture " + architecture() + "\ncompiler     " __VERSION__ "\n";
  return text;
}

} // namespace

int run_version_command(const version_request& request, const output_streams& streams) {
  return write_all(streams.out, version_text(request.format)) == write_result::failed ? exit_error
                                                                                      : exit_done;
}

} // namespace troupe
