// Who is whose partner in a random matching of a graph: the twin of testbed/matching.py, with the same numbers.
#pragma once

#include "graph.h"

#include <cstddef>
#include <tuple>

namespace testbed {

/// One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
inline uint64_t
Mixed(uint64_t state)
{
    state += 0x9E3779B97F4A7C15;
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
    return state ^ (state >> 31);
}

/// Of each device, its partner or nobody: links are taken in the order of their hashes, each if its ends have no partner
/// yet, until there are `pairs` pairs.
inline std::vector<std::vector<uint16_t>>
Partners(const Graph& graph, uint64_t seed, size_t pairs)
{
    std::vector<std::tuple<uint64_t, uint16_t, uint16_t>> links;
    for (size_t i = 0; i < graph.neighbours.size(); ++i) {
        for (const auto j : graph.neighbours[i]) {
            if (i < j) {
                links.emplace_back(Mixed(Mixed(Mixed(seed) + i) + j), i, j);
            }
        }
    }
    std::sort(links.begin(), links.end());
    std::vector<std::vector<uint16_t>> partners(graph.neighbours.size());
    for (const auto& [hash, i, j] : links) {
        if (pairs > 0 && partners[i].empty() && partners[j].empty()) {
            partners[i] = {j};
            partners[j] = {i};
            --pairs;
        }
    }
    return partners;
}

}  // namespace testbed
