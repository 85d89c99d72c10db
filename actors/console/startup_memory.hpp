// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace troupe {

/// Gives back what only the start needed, some 6 MB of an idle agent's resident memory: free heap,
/// and the pages of programs and libraries, of which the command line, the loading and verifying of
/// BPF programs and TLS have touched many that nobody will run again. Those that are run come back
/// from the page cache, at a minor fault each.
void give_back_startup_memory();

/// Ten threads that wait need no heap each: without a bound every one of them gets an arena of its
/// own, of which 130 kB are resident at least. To be called before threads are made.
void share_heaps();

} // namespace troupe
