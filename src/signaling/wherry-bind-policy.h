/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which addresses peer connections use when nobody said so. Thread: hub */

#include <gio/gio.h>

#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

/* listen_on: of GInetSocketAddress. Does nothing if there is a bind address already, or if we
 * listen beyond loopback (then libnice's choice, every address of every interface, is the right
 * one). On loopback: the loopback addresses that we listen on, which need no network, and the
 * addresses that this machine has towards the network, because a browser that hides its loopback
 * addresses (Firefox) pairs only with those. */
void wherry_bind_policy_apply (WherryIceConfig *ice, GPtrArray *listen_on);

G_END_DECLS
