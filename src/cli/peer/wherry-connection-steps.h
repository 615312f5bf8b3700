/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry.h"

G_BEGIN_DECLS

/* The states of a connection, the pair that ICE chose, and servers that gave no candidate, as steps
 * (see wherry-step-log.h). Main thread. */

/* Logs each change, till it is closed. Thread: main */
void wherry_connection_steps_watch (WherryPeerConnection *connection);
/* Logs them as they are: once it is closed, no signal tells them (webrtc-pc section 4.4.1.10).
 * Thread: main */
void wherry_connection_steps_say_states (WherryPeerConnection *connection);

G_END_DECLS
