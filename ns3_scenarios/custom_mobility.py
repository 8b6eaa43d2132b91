"""Drones circle around one point, the outer ones faster: a movement of our own, for network.mobility = "script"."""

CENTRE_M = (100.0, 100.0)
RADII_M = (20.0, 60.0)  # of the innermost and the outermost drone
SPEED_MPS = 8.0  # of the innermost; all need the same time for a round
ANGLE = 2.4  # from one drone to the next; near the golden angle, so that they stand apart


MODEL = """
class Circle : public ns3::MobilityModel
{
  public:
    Circle(double x_m, double y_m, double radius_m, double phase, double turn_per_s)
        : m_x(x_m), m_y(y_m), m_radius(radius_m), m_phase(phase), m_turn(turn_per_s)
    {
    }

  private:
    // A function of time alone: a position does not depend on how often somebody has asked for it.
    double Angle() const { return m_phase + m_turn * ns3::Simulator::Now().GetSeconds(); }

    ns3::Vector DoGetPosition() const override
    {
        return {m_x + m_radius * std::cos(Angle()), m_y + m_radius * std::sin(Angle()), 0};
    }

    ns3::Vector DoGetVelocity() const override
    {
        const auto speed = m_radius * m_turn;
        return {-speed * std::sin(Angle()), speed * std::cos(Angle()), 0};
    }

    void DoSetPosition(const ns3::Vector&) override {}

    double m_x, m_y, m_radius, m_phase, m_turn;
};
"""


def circle(i, count):
    """Radius in metres, angle at time 0 and angle per second of device `i` of `count`; every other one turns left."""
    radius_m = RADII_M[0] + (RADII_M[1] - RADII_M[0]) * i / max(1, count - 1)
    return radius_m, ANGLE * i, (-1) ** i * SPEED_MPS / RADII_M[0]


def setup(ns, nodes, devices, channel):
    """Give every device its circle."""
    if not hasattr(ns.cppyy.gbl, "Circle"):  # the file may be executed more than once, the class be made only once
        ns.cppyy.cppdef(MODEL)
    for i in range(nodes.GetN()):
        movement = ns.CreateObject[ns.cppyy.gbl.Circle](*CENTRE_M, *circle(i, nodes.GetN()))
        nodes.Get(i).AggregateObject(movement)
