"""Chemists' units, as numbers of the atomic units that this package computes in.

Multiply on the way in, divide on the way out. In atomic units ħ, the electron's mass
and its charge are one: energies in hartree, lengths in bohr.

    coupling = 50 * WAVENUMBER
    velocity = 0.02 * ANGSTROM / FEMTOSECOND
    slope = 3.1 * ELECTRONVOLT / ANGSTROM
    rate = marcus_rate(...) * FEMTOSECOND  # per fs

Source: CODATA 2022.
"""

import math

_PLANCK = 6.62607015e-34  # J s, exact
_LIGHT = 299792458.0  # m/s, exact
_ELEMENTARY_CHARGE = 1.602176634e-19  # C, exact
_BOLTZMANN = 1.380649e-23  # J/K, exact
_HARTREE = 4.3597447222060e-18  # J
_BOHR = 5.29177210544e-11  # m
_ELECTRON_MASS = 9.1093837139e-31  # kg
_ATOMIC_MASS_CONSTANT = 1.66053906892e-27  # kg

ELECTRONVOLT = _ELEMENTARY_CHARGE / _HARTREE
WAVENUMBER = 100.0 * _PLANCK * _LIGHT / _HARTREE  # the energy hc/λ of 1 cm⁻¹
KELVIN = _BOLTZMANN / _HARTREE  # the energy k_B T of 1 K
ANGSTROM = 1e-10 / _BOHR
ATOMIC_MASS = _ATOMIC_MASS_CONSTANT / _ELECTRON_MASS  # 1 amu, or 1 g/mol
FEMTOSECOND = 1e-15 * _HARTREE / (_PLANCK / (2.0 * math.pi))
