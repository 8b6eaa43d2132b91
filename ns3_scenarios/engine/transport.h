// What carries messages: behind this, a world does not know which transport it is.
#pragma once

#include "air.h"
#include "graph.h"
#include "ledger.h"
#include "settings.h"

#include <list>

namespace testbed {

class Transport {
  public:
    Transport(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger);
    virtual ~Transport() = default;
    Transport(const Transport&) = delete;

    /// The one that `settings` name. Random streams from `first_stream`, at most one per device.
    static std::unique_ptr<Transport> Make(Air& air, const Settings& settings, const Graph& graph, Ledger& ledger,
                                           int64_t first_stream);

    /// Takes the message on its way, behind the earlier ones of its source; numbers of a source ascend. What comes from
    /// or goes to a device that is away is over at once.
    void Carry(ParcelPtr parcel);

    /// What of it has not arrived never will.
    void Cancel(int64_t id);

    /// An exchange is over: nothing more is sent of it, whether or not its sources know that all has arrived.
    virtual void Rest();

    /// `device` is away from now on: whatever comes from it or goes to it is over.
    void Leave(uint32_t device);

    /// `device` decoded a frame of ours that is no hello.
    virtual void Receive(uint32_t, const FrameHeader&) {}

    /// `device` puts a frame on the air.
    virtual void OnAir(uint32_t, const Sending&) {}

    /// The MAC of `device` is through with a frame to one receiver: acknowledged, or given up.
    virtual void Settled(uint32_t, uint64_t, bool) {}

  protected:
    virtual void Start(ParcelPtr parcel) = 0;

    /// The delivery has ended: nothing more is to be sent for it. It may have been forgotten before.
    virtual void Forget(const ParcelPtr& parcel, uint16_t dst) = 0;

    /// The source has nothing more to send of it.
    void Through(const ParcelPtr& parcel) { m_carried.remove(parcel); }

    /// A data frame goes on the air for this delivery.
    static void Count(Delivery& delivery, bool retry);

    Air& m_air;
    const Settings& m_settings;
    const Graph& m_graph;
    Ledger& m_ledger;

  private:
    void End(const ParcelPtr& parcel, uint16_t dst, Cause cause);

    std::list<ParcelPtr> m_carried;  ///< those of which something may still be sent
};

}  // namespace testbed
