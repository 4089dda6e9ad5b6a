"""The monitor's pages: what each lane does now and did lately, for people on call and for programs."""
