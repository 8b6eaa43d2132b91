// What a movement has to tell so that the channel can know for a while who is out of reach.
#pragma once

namespace testbed {

/// A mobility model that never moves faster than so many metres a second, and never jumps.
class BoundedSpeed {
  public:
    virtual ~BoundedSpeed() = default;
    virtual double MaxSpeed() const = 0;
};

}  // namespace testbed
