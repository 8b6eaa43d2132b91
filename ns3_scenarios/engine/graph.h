// The round's graph: who is whose neighbour. Symmetric.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace testbed {

struct Graph {
    std::vector<std::vector<uint16_t>> neighbours;  ///< of each device, ascending

    explicit Graph(uint32_t devices) : neighbours(devices) {}

    uint32_t Degree(uint32_t device) const { return neighbours[device].size(); }

    /// Devices within two hops, itself among them: all whose frames can meet one of this device's at a common neighbour.
    uint32_t TwoHops(uint32_t device) const
    {
        std::vector<bool> near(neighbours.size());
        near[device] = true;
        for (auto a : neighbours[device]) {
            near[a] = true;
            for (auto b : neighbours[a]) {
                near[b] = true;
            }
        }
        return std::count(near.begin(), near.end(), true);
    }

    bool Linked(uint32_t a, uint32_t b) const
    {
        return std::binary_search(neighbours[a].begin(), neighbours[a].end(), b);
    }
};

}  // namespace testbed
