/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* usrsctp, once for the process: initialised without its threads, driven by one of ours.
 *
 * usrsctp calls back with an integer, never a pointer: the id of an endpoint, looked up under the
 * registry's lock. An endpoint is the crossing point between usrsctp's callbacks, which run on the
 * owner's thread or on sctp-timer with the association locked, and the association. A callback
 * looks up, copies and posts; it never calls usrsctp or the association.
 *
 * Lock order: the timers', usrsctp's own locks, then the registry's, then sctp-timer's own or an
 * inbox's. Nothing here calls usrsctp with the registry locked. */

#include "base/wherry-budget.h"

G_BEGIN_DECLS

struct socket;

typedef struct _WherrySctpEndpoint WherrySctpEndpoint;

typedef struct
{
  /* A packet that usrsctp made on the owner's thread: data is valid during the call, and the
   * association is locked, so copy and return. */
  void (*packet_out) (gpointer user_data, const guint8 *data, gsize length);
  /* The same for packets that sctp-timer made; called on the owner's context, not in usrsctp. */
  void (*packet_late) (gpointer user_data, const guint8 *data, gsize length);
  /* Something changed in the socket. In a call of the owner's: within usrsctp (note it and return);
   * otherwise from the owner's context. late tells which. */
  void (*changed) (gpointer user_data, gboolean late);
} WherrySctpEndpointFuncs;

/* Register an endpoint whose owner is the calling thread, which runs context. Starts usrsctp and
 * sctp-timer if need be: WHERRY_ERROR_RESOURCES. Thread: peer */
WherrySctpEndpoint *wherry_sctp_endpoint_new (GMainContext *context,
                                              const WherrySctpEndpointFuncs *funcs,
                                              gpointer user_data, GError **error);
/* What usrsctp is given as the address and as the argument of the upcall. Thread: any */
gpointer wherry_sctp_endpoint_get_address (WherrySctpEndpoint *self);
/* Around each call into usrsctp for this endpoint; spares the callbacks the look-up. No nesting.
 * Thread: peer */
void wherry_sctp_endpoint_enter (WherrySctpEndpoint *self);
/* The same where usrsctp arms no timer, but for a heartbeat's: sctp-timer may go on ticking twice a
 * second. Thread: peer */
void wherry_sctp_endpoint_enter_quietly (WherrySctpEndpoint *self);
void wherry_sctp_endpoint_leave (WherrySctpEndpoint *self);
/* changed is called from the owner's context, soon. endpoint: not closed. Thread: any */
void wherry_sctp_endpoint_post_changed (gpointer endpoint);
/* TRUE: the budget is over; changed is called from the owner's context when there is room.
 * Thread: peer */
gboolean wherry_sctp_endpoint_wait_budget (WherrySctpEndpoint *self, WherryBudget *budget);
/* No function is called afterwards, and usrsctp's packets for it go nowhere. The socket must have
 * been closed. Drops the caller's reference. Thread: peer */
void wherry_sctp_endpoint_close (WherrySctpEndpoint *self);

/* For usrsctp_set_upcall(), with the endpoint's address. Thread: any */
void wherry_sctp_runtime_upcall (struct socket *so, void *address, int flags);

/* Until the second, sctp-timer is not within usrsctp: around whatever ends an association, for two
 * faults of usrsctp 0.9.5. An association that ends while a timer of its own is about to be handled
 * is freed later, and that forgets a reference to the socket, unless it is closed by then: the
 * socket is never freed. And a timer may take a reference while the last one is given back. Not to
 * be called within usrsctp, nor twice. Thread: peer */
void wherry_sctp_runtime_stop_timers (void);
void wherry_sctp_runtime_start_timers (void);

/* Endpoints registered now. Thread: any */
guint wherry_sctp_runtime_get_n_endpoints (void);
/* A socket of usrsctp's was made (+1), or is closed (-1); how many are open. Thread: any */
void wherry_sctp_runtime_count_socket (int change);
guint wherry_sctp_runtime_get_n_sockets (void);
/* Times that sctp-timer drove usrsctp's timers: it does not rise while no endpoint exists (but for
 * a few after the last one, which free what usrsctp freed late). Thread: any */
guint64 wherry_sctp_runtime_get_ticks (void);
/* It drives them twice a second: for some seconds there was nothing but heartbeats. Thread: any */
gboolean wherry_sctp_runtime_is_slow (void);
/* For tests: so long; 0: as it was. Thread: any */
void wherry_sctp_runtime_set_quiet (gint64 quiet_us);
/* sctp-timer waits for an endpoint (or does not exist). Thread: any */
gboolean wherry_sctp_runtime_is_idle (void);
/* Ends sctp-timer and frees all of usrsctp. FALSE, and nothing is done, while endpoints exist, or
 * if usrsctp still holds something. A new endpoint starts it all again. Not to be called by two
 * threads at once, nor while another makes endpoints. Thread: hub */
gboolean wherry_sctp_runtime_shutdown (void);

G_END_DECLS
