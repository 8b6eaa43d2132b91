// What a device has of the messages that others broadcast.
#pragma once

#include "frame.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace testbed {

struct Incoming {
    /// Of the latest message of a source.
    struct Progress {
        uint32_t number = 0;
        uint32_t frames = 0;     ///< distinct ones decoded
        std::vector<bool> got;   ///< which, where that matters
        bool whole = false;
    };

    std::map<uint16_t, Progress> from;
    std::vector<Receipt> whole;     ///< messages that are whole; those not yet told so at the end
    size_t told = 0;                ///< how many of `whole` have been told
    std::set<uint16_t> asked_by;    ///< sources that have asked what is missing of theirs

    /// Of this message; begun anew where it is a newer one.
    Progress& Of(uint16_t source, uint32_t number)
    {
        auto& progress = from[source];
        if (progress.number != number) {
            progress = {.number = number, .frames = 0, .got = {}, .whole = false};
        }
        return progress;
    }

    /// Its source is to be told (again); an older message of it no longer.
    void Tell(const Receipt& receipt)
    {
        const auto same = [&receipt](const Receipt& each) { return each.source == receipt.source; };
        if (auto at = std::find_if(whole.begin(), whole.end(), same); at != whole.end()) {
            told -= size_t(at - whole.begin()) < told;
            whole.erase(at);
        }
        whole.push_back(receipt);
    }

    /// Up to `room` of `whole`: those not yet told first, then others once more. They count as told.
    std::vector<Receipt> Latest(size_t room)
    {
        const size_t count = std::min(room, whole.size());
        const size_t first = std::min(told, whole.size() - count);
        told = std::max(told, first + count);
        return {whole.begin() + first, whole.begin() + first + count};
    }
};

}  // namespace testbed
