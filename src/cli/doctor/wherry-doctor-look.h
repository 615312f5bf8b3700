/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The way to a signaling server, as far as it was gone. */

#include "cli/doctor/wherry-doctor.h"

G_BEGIN_DECLS

/* One step each. A person waits for each of them. */
#define WHERRY_DOCTOR_STEP_TIMEOUT_MS 5000u

typedef struct
{
  WherryDoctor *doctor;
  char *host;
  guint16 port;
  gboolean is_secure;
  char *target; /* of the request */
  char *place;  /* "host:port" */
  GIOStream *stream;
  GTlsCertificateFlags flags; /* what is wrong with its certificate */
} WherryDoctorLook;

/* Each is one step: FALSE with its cause in the report. */
gboolean wherry_doctor_look_at_tls (WherryDoctorLook *self);
gboolean wherry_doctor_look_at_websocket (WherryDoctorLook *self);

G_END_DECLS
