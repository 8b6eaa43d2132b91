// The two ends of a message under a rateless code: what its source still has to send, what a receiver has of it.
#pragma once

#include "exchange.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace testbed {

/// A message on its way out of a device.
struct Outgoing {
    int64_t size_bytes = 0;
    uint32_t symbols = 0;            ///< any so many distinct frames give the message; 0: nothing to send
    uint32_t sent = 0;
    std::vector<uint16_t> waiting;   ///< neighbours that have not said they have it
    int64_t started_ns = NEVER;
    uint64_t first_packet = 0, last_packet = 0;
    bool through = false;            ///< `repair = none`: the last frame has left the air

    /// Source symbols as they are cut from the message, the last one short; repair symbols are full (RFC 6330, 4.4).
    uint32_t SymbolBytes(uint32_t symbol, uint32_t payload_bytes) const
    {
        const bool last = symbol + 1 == symbols;
        return last ? size_bytes - int64_t{symbols - 1} * payload_bytes : std::min<int64_t>(size_bytes, payload_bytes);
    }

    /// At most `room` of those waiting, others with every frame; none before anybody can have the message.
    std::vector<uint16_t> SomeWaiting(size_t room) const
    {
        std::vector<uint16_t> some;
        const size_t count = sent < symbols ? 0 : std::min(room, waiting.size());
        for (size_t i = 0; i < count; ++i) {
            some.push_back(waiting[(sent * room + i) % waiting.size()]);
        }
        return some;
    }
};

/// What a device has of the others' messages.
struct Incoming {
    struct Progress {
        uint32_t symbols = 0;
        int64_t arrived_ns = NEVER;
    };

    std::map<uint16_t, Progress> from;
    std::vector<uint16_t> whole;  ///< sources whose message is whole; those not yet told so at the end
    size_t told = 0;              ///< how many of `whole` have been told

    /// `source` is to be told (again).
    void Tell(uint16_t source)
    {
        if (auto at = std::find(whole.begin(), whole.end(), source); at != whole.end()) {
            told -= size_t(at - whole.begin()) < told;
            whole.erase(at);
        }
        whole.push_back(source);
    }

    /// Up to `room` of `whole`: those not yet told first, then others once more. They count as told.
    std::vector<uint16_t> Latest(size_t room)
    {
        const size_t count = std::min(room, whole.size());
        const size_t first = std::min(told, whole.size() - count);
        told = std::max(told, first + count);
        return {whole.begin() + first, whole.begin() + first + count};
    }
};

}  // namespace testbed
