"""What a power cut, a kill, a failing disk and a full one leave behind."""
