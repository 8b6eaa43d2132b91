// Who is whose neighbour. Symmetric.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace testbed {

struct Graph {
    std::vector<std::vector<uint16_t>> neighbours;  ///< of each device, ascending
    uint64_t version = 0;                           ///< another one whenever a link came or went

    explicit Graph(uint32_t devices) : neighbours(devices) {}

    uint32_t Degree(uint32_t device) const { return neighbours[device].size(); }

    bool Linked(uint32_t a, uint32_t b) const
    {
        return std::binary_search(neighbours[a].begin(), neighbours[a].end(), b);
    }

    void Set(uint32_t a, uint32_t b, bool linked)
    {
        if (linked != Linked(a, b)) {
            ++version;
            SetOneWay(a, b, linked);
            SetOneWay(b, a, linked);
        }
    }

    /// Devices within two hops, itself among them: all whose frames can meet one of this device's at a common neighbour.
    uint32_t TwoHops(uint32_t device) const
    {
        std::vector<uint16_t> near = neighbours[device];
        for (auto each : neighbours[device]) {
            near.insert(near.end(), neighbours[each].begin(), neighbours[each].end());
        }
        near.push_back(device);
        std::sort(near.begin(), near.end());
        return std::unique(near.begin(), near.end()) - near.begin();
    }

  private:
    void SetOneWay(uint32_t a, uint32_t b, bool linked)
    {
        auto& ids = neighbours[a];
        const auto at = std::lower_bound(ids.begin(), ids.end(), b);
        linked ? void(ids.insert(at, b)) : void(ids.erase(at));
    }
};

}  // namespace testbed
