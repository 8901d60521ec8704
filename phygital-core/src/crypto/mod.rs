//! Secrets, CMAC, key diversification and the `KeyRing` port.
