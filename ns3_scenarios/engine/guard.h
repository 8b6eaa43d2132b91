// Times after which nothing of what was on the air is left.
#pragma once

#include <cstdint>

namespace testbed {

// At the opening of a round, longer than any frame (2304 bytes at 6 Mb/s: 3.1 ms), so that what the last round left on
// the air fades; and at the end of the hello phase, for hellos that had to wait.
constexpr int64_t GUARD_NS = 5'000'000;

// After the end of a frame, the time in which its copies have reached everyone (a SIFS is 4.8 km of light).
constexpr int64_t SETTLED_NS = 16'000;

}  // namespace testbed
