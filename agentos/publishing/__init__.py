"""Every file written under docs/, issues/ and ideas/."""
