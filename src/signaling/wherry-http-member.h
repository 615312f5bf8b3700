/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A member of the relay whose signaling is HTTP requests (data/docs/protocol.md section 2): its one
 * offer and the answer to it, trickled fragments, ICE restarts. What else a signaling socket would
 * tell it goes by its channel wherry:notices. Nothing of HTTP itself is here. Thread: hub */

#include "relay/wherry-relay-hub.h"
#include "wire/wherry-sdpfrag.h"

G_BEGIN_DECLS

typedef struct _WherryHttpMember WherryHttpMember;

/* The answer to what was asked, once. code: NONE: text is our answer, or our fragment; otherwise
 * why not, in words. */
typedef void (*WherryHttpMemberDone) (gpointer data, WherrySignalError code, const char *text);

/* joins relay, which must outlive it. gone is called once, when the member has left, from the
 * relay: free it then. NULL: code and error as of wherry_relay_hub_join(). */
WherryHttpMember *wherry_http_member_new (WherryRelayHub *relay, const WherryJoin *join,
                                          WherryClock *clock,
                                          void (*gone) (WherryHttpMember *self, gpointer user_data),
                                          gpointer user_data, WherrySignalError *code,
                                          GError **error);
/* What was asked and not answered never is. A member that has not left stays as long as its
 * connection lives. */
void wherry_http_member_free (WherryHttpMember *self);

/* NULL once it has left. */
WherryRelayMember *wherry_http_member_get_member (WherryHttpMember *self);
const char *wherry_http_member_get_id (WherryHttpMember *self);
const char *wherry_http_member_get_room (WherryHttpMember *self);
/* Of its ICE session, with the quotes; another one after each restart. */
const char *wherry_http_member_get_etag (WherryHttpMember *self);

/* The one offer. offer: (transfer full). done is called later, unless FALSE comes back. Candidates
 * are gathered for WHERRY_HTTP_GATHER_WAIT_US at most. A member whose offer is refused leaves. */
gboolean wherry_http_member_offer (WherryHttpMember *self, WherrySdp *offer,
                                   const WherryChannelInit *channels, guint n,
                                   WherryHttpMemberDone done, gpointer data,
                                   WherrySignalError *code, GError **error);

typedef enum
{
  WHERRY_HTTP_TRICKLED,   /* done with */
  WHERRY_HTTP_RESTARTING, /* done is called later with our fragment */
  WHERRY_HTTP_REFUSED, /* code, error: bad-sdp, rate-limited, already-joined (one is under way) */
} WherryHttpPatch;

/* Candidates for the ICE session that there is or, with other credentials, a restart of it. */
WherryHttpPatch wherry_http_member_patch (WherryHttpMember *self, const WherrySdpFrag *fragment,
                                          WherryHttpMemberDone done, gpointer data,
                                          WherrySignalError *code, GError **error);
/* FALSE: its requests come too fast. bytes: this one's. */
gboolean wherry_http_member_charge (WherryHttpMember *self, gsize bytes);
/* It leaves, as it asked; gone is called. */
void wherry_http_member_leave (WherryHttpMember *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryHttpMember, wherry_http_member_free)

G_END_DECLS
