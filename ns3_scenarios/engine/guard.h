// Quiet time around what has to begin or end on a quiet air.
#pragma once

#include <cstdint>

namespace testbed {

// At the opening of a round, longer than any frame (2304 bytes at 6 Mb/s: 3.1 ms), so that what the last round left on
// the air fades; and at the end of the hello phase, for hellos that had to wait.
constexpr int64_t GUARD_NS = 5'000'000;

}  // namespace testbed
