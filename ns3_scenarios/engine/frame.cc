#include "frame.h"

using namespace ns3;

namespace testbed {

NS_OBJECT_ENSURE_REGISTERED(FrameHeader);

TypeId
FrameHeader::GetTypeId()
{
    static TypeId id = TypeId("testbed::FrameHeader").SetParent<Header>().AddConstructor<FrameHeader>();
    return id;
}

uint32_t
FrameHeader::GetSerializedSize() const
{
    return FIXED_BYTES + 2 * (have.size() + waiting.size());
}

static void
WriteIds(Buffer::Iterator& at, const std::vector<uint16_t>& ids)
{
    at.WriteHtonU16(ids.size());
    for (auto id : ids) {
        at.WriteHtonU16(id);
    }
}

static void
ReadIds(Buffer::Iterator& at, std::vector<uint16_t>& ids)
{
    ids.resize(at.ReadNtohU16());
    for (auto& id : ids) {
        id = at.ReadNtohU16();
    }
}

void
FrameHeader::Serialize(Buffer::Iterator at) const
{
    at.WriteU8(static_cast<uint8_t>(kind));
    at.WriteHtonU16(source);
    at.WriteHtonU32(round);
    at.WriteHtonU32(sequence);
    at.WriteHtonU32(size_bytes);
    at.WriteHtonU16(degree);
    WriteIds(at, have);
    WriteIds(at, waiting);
}

uint32_t
FrameHeader::Deserialize(Buffer::Iterator at)
{
    kind = static_cast<Kind>(at.ReadU8());
    source = at.ReadNtohU16();
    round = at.ReadNtohU32();
    sequence = at.ReadNtohU32();
    size_bytes = at.ReadNtohU32();
    degree = at.ReadNtohU16();
    ReadIds(at, have);
    ReadIds(at, waiting);
    return GetSerializedSize();
}

void
FrameHeader::Print(std::ostream& out) const
{
    out << "source=" << source << " round=" << round << " sequence=" << sequence;
}

}  // namespace testbed
