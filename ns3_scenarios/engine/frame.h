// The header that every frame of ours begins with. All of its bytes travel and cost air time.
#pragma once

#include "ns3/header.h"

#include <cstdint>
#include <vector>

namespace testbed {

enum class Kind : uint8_t { HELLO, DATA, DONE };

class FrameHeader : public ns3::Header {
  public:
    /// Ids in each list of a DATA frame, so that payload_bytes = 2240 still fits 802.11's largest MSDU.
    static constexpr size_t MAX_LISTED = 8;
    static constexpr uint32_t FIXED_BYTES = 1 + 2 + 4 + 4 + 4 + 2 + 2 + 2;

    Kind kind = Kind::HELLO;
    uint16_t source = 0;
    uint32_t round = 0;     ///< a frame of another round is ignored
    uint32_t sequence = 0;  ///< DATA: number of the code symbol
    uint32_t size_bytes = 0;  ///< DATA: of the whole message
    uint16_t degree = 0;      ///< DATA: neighbours of the source, which mixing weights need
    std::vector<uint16_t> have;     ///< HELLO: devices heard so far; DATA, DONE: devices whose message is whole here
    std::vector<uint16_t> waiting;  ///< DATA: neighbours that have not yet said they have this message

    static ns3::TypeId GetTypeId();
    ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
    uint32_t GetSerializedSize() const override;
    void Serialize(ns3::Buffer::Iterator at) const override;
    uint32_t Deserialize(ns3::Buffer::Iterator at) override;
    void Print(std::ostream& out) const override;
};

}  // namespace testbed
