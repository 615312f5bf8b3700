/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The thread that lets usrsctp's time go by, for wherry-sctp-runtime, which declares what others
 * may know of it.
 *
 * usrsctp walks over all of its timers in each tick. Once nothing has happened for so long that
 * every retransmission would have, all that is left are heartbeats, one for each association every
 * 30 s: then a tick is half a second. Whoever may arm more than that says so first: it is armed
 * from there, neither early nor late by the slow tick. */

#include <glib.h>

G_BEGIN_DECLS

/* Starts the thread: WHERRY_ERROR_RESOURCES. Thread: any */
gboolean wherry_sctp_timer_start (GError **error);
gboolean wherry_sctp_timer_is_running (void);
/* Ends and joins it. Thread: hub */
void wherry_sctp_timer_stop (void);
/* There are endpoints, or there are none any more: then it sleeps, after some ticks that free what
 * usrsctp frees late. Thread: any */
void wherry_sctp_timer_set_needed (gboolean needed);
/* Before a timer may be armed that is more urgent than a heartbeat's. Thread: any */
void wherry_sctp_timer_note_busy (void);
/* Before a call into usrsctp that is made with no lock held: waits until the tick under way is
 * over. Thread: peer */
void wherry_sctp_timer_let_end (void);

G_END_DECLS
