/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells when addresses of this machine come or go (Wi-Fi to mobile, a cable pulled). Replaceable:
 * an application that knows better, or a test, brings its own. Thread: owner of the context */

#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

/* The kernel's, by rtnetlink: one file descriptor for each session that watches. Addresses of
 * interfaces that are up, without loopback and link-local ones; a change is told once it has lasted
 * for WHERRY_NETWORK_SETTLE_US. */
const WherryIceNetwork *wherry_ice_network_get_system (void);

G_END_DECLS
