# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g2_1.gp (after set terminal ...)
data = 'src/skips_g2_1.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [8:36]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:121.8]
set ytics 0,84 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 13.4' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 13.425,0 to 13.425,96.6 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:89.89999999999999]
set ytics 0,62 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 15.5' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 15.455,0 to 15.455,71.3 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:71.05]
set ytics 0,49 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 16.7' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 16.66,0 to 16.66,56.349999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:139.2]
set ytics 0,96 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 25.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 25.835,0 to 25.835,110.39999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:97.14999999999999]
set ytics 0,67 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 30.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 30.015,0 to 30.015,77.05 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:89.89999999999999]
set ytics 0,62 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 31.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 31.795,0 to 31.795,71.3 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
