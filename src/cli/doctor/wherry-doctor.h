/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of `wherry doctor` share, and what each of them looks at. All of it belongs to the
 * main thread; each part waits for what it asked, with the main loop running. */

#include "cli/doctor/wherry-doctor-report.h"
#include "cli/wherry-await.h"
#include "cli/wherry-invocation.h"
#include "cli/doctor/wherry-stun-probe.h"
#include "lib/wherry.h"

G_BEGIN_DECLS

typedef struct
{
  WherryInvocation *invocation;
  WherryDoctorReport *report;
  GCancellable *cancellable;          /* the invocation's */
  WherryConfiguration *configuration; /* of the options */
  char *room;
  guint timeout_ms;       /* for the whole connection to come up */
  GPtrArray *findings;    /* of WherryStunFinding: of servers and pairs alike */
  GSocketAddress *server; /* where it was reached; NULL: nowhere */
} WherryDoctor;

/* The names, TCP, TLS, HTTP, WebSocket, as far as they go. FALSE: not to the end; the cause is in
 * the report. */
gboolean wherry_doctor_look_at_signaling (WherryDoctor *self, const char *uri);
/* Joins, and looks at candidates and pairs. */
void wherry_doctor_look_at_room (WherryDoctor *self, const char *uri);
/* Asks each of these (element-type WherryIceServer), each URL, each address. whose: who named them,
 * for people */
void wherry_doctor_look_at_ice_servers (WherryDoctor *self, GListModel *servers, const char *title,
                                        const char *whose);
void wherry_doctor_look_at_ice_url (WherryDoctor *self, const char *url, const char *username,
                                    const char *password);
/* What is in a description, and which of its candidates answer. */
void wherry_doctor_look_at_description (WherryDoctor *self, const char *text);

/* ---- what the parts use of each other ---- */

/* Waits for probes (element-type WherryStunProbe), tells each, and moves its finding. told: how
 * people are told of it. */
typedef void (*WherryDoctorTell) (WherryDoctor *self, const WherryStunFinding *finding);
void wherry_doctor_take_probes (WherryDoctor *self, GPtrArray *probes, WherryDoctorTell tell);
/* (transfer full): "answered in 0.4 ms", "no answer to 3 requests", … */
char *wherry_doctor_finding_text (const WherryStunFinding *finding);
JsonObject *wherry_doctor_finding_evidence (const WherryStunFinding *finding);
/* (transfer full): with the transaction, for a cause. */
char *wherry_doctor_finding_proof (const WherryStunFinding *finding);
/* (transfer full): of the first ones. */
char *wherry_doctor_join_proofs (WherryStunFinding **findings, guint n);
/* A check of ICE at a candidate, from each of these addresses (element-type GInetAddress) that it
 * can be reached from, or from any if there is none; added to probes. */
void wherry_doctor_check_candidate (WherryDoctor *self, WherryIceCandidate *candidate,
                                    GPtrArray *locals, const char *username, const char *password,
                                    GPtrArray *probes);
/* (transfer full): "host UDP 192.0.2.1:4000" */
char *wherry_doctor_candidate_text (WherryIceCandidate *candidate);
JsonObject *wherry_doctor_candidate_evidence (WherryIceCandidate *candidate);

/* The system knows no way there, and what to do then. */
gboolean wherry_doctor_is_nowhere (const WherryStunFinding *finding);
const char *wherry_doctor_advise_route (void);

/* ---- of what was seen, the causes ---- */

typedef struct
{
  WherryStunFinding **findings; /* of checks, one for each pair */
  guint n;
  GListModel *ours; /* of WherryIceCandidate */
  GListModel *theirs;
  const char *ice_state;
  gboolean is_tunneled; /* messages pass, by the WebSocket */
} WherryDoctorPairs;

void wherry_doctor_judge_ice_server (WherryDoctor *self, const WherryStunFinding *finding,
                                     const char *whose);
gboolean wherry_doctor_is_udp_silent (const WherryDoctorPairs *pairs);
/* Why WebRTC does not connect. */
void wherry_doctor_judge_pairs (WherryDoctor *self, const WherryDoctorPairs *pairs);
/* This machine's own rules take no UDP. */
void wherry_doctor_judge_forbidden_udp (WherryDoctor *self, const WherryStunFinding *finding);
/* Why the relay did not let us in. */
void wherry_doctor_judge_join (WherryDoctor *self, const GError *error);

G_END_DECLS
