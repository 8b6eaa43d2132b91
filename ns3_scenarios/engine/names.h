// Names that ns-3 does not know, and those near to them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace testbed {

/// How many names a person who mistyped one is shown.
constexpr size_t SHOWN = 3;

/// "A, B, C": those of `names` that are nearest to `wanted` (fewest letters to change), the nearest first.
std::string Nearest(const std::string& wanted, std::vector<std::string> names);

/// From here on, after ns-3 has ended the process over a type or attribute that it does not know, names near to it are
/// written to standard error. Scripts need it: what the scenario itself names is checked before ns-3 sees it.
void ExplainUnknownNames();

}  // namespace testbed
