"""Constants, in the units of this package.

Energies in eV, wave vectors in 1/Å, areas in 1/Å², magnetic fields in T, velocities in
m/s, times in ps, masses in electron masses, temperatures in K.

Source: CODATA 2022; e, ħ and k_B are exact.
"""

import math

ELEMENTARY_CHARGE = 1.602176634e-19  # C
HBAR = 6.62607015e-34 / (2 * math.pi)  # J s
ELECTRON_MASS = 9.1093837139e-31  # kg
BOLTZMANN = 1.380649e-23  # J / K

HBAR_EV_PS = HBAR / ELEMENTARY_CHARGE * 1e12
# ħ/e: the flux through l², so that l² = FLUX / B.
FLUX = HBAR / ELEMENTARY_CHARGE * 1e20  # T Å²
# ħ²/m_e, so that a free electron has the energy k²/2 times this.
HBAR2_OVER_MASS = HBAR**2 / ELECTRON_MASS / ELEMENTARY_CHARGE * 1e20  # eV Å²
# ħ e/m_e: the cyclotron energy of a free electron in 1 T.
CYCLOTRON = HBAR / ELECTRON_MASS  # eV / T
# 1/ħ: the velocity of a band whose slope is 1 eV Å.
VELOCITY = ELEMENTARY_CHARGE / HBAR * 1e-10  # m/s per eV Å
# e/ħ: how fast k moves at 1 m/s in 1 T.
LORENTZ = ELEMENTARY_CHARGE / HBAR * 1e-22  # 1/(Å ps) per m/s T
